"""What a person sets once: config.toml, its profiles, the environment. No torch, no textual."""
