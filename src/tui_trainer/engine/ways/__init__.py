"""Ways of running a model that give the numbers of the plain one with less work, once checked."""
