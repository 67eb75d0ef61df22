"""`screens/`: pictures of each screen, from the real app with the built-in model.

`make gallery` draws them all, `python -m tests.gallery NAME...` some of them. `pictures.py` says
which there are, the modules beside it how to get there from the start.
"""
