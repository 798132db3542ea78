"""Moments that are alike, side by side: in one picture, in groups, and on a page to browse."""
