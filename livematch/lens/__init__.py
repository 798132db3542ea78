"""Learning to See: networks that have seen one kind of picture only, and what they make of another.

After Memo Akten, *Learning to See* (2017); Akten, Fiebrink, Grierson, SIGGRAPH 2019 Art Gallery.
"""
