"""Generations: built beside the live tables, swapped in, taken back."""
