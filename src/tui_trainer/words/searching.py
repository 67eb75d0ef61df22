"""What a person types to find something, beside the words that are told of it."""


def plain(text: str) -> str:
    """Without case and hyphens: `warm-up` finds warmup."""
    return text.casefold().replace("-", "")


def is_in(text: str, query: str) -> bool:
    """Whether the query stands in the text as it is, spaces apart: `top-p` in top p."""
    return "".join(plain(query).split()) in "".join(plain(text).split())


def has_words(text: str, query: str) -> bool:
    """Whether each word of the query stands in the text, in any order."""
    told = plain(text)
    return all(word in told for word in plain(query).split())
