"""Dead letters: what is shown of them, checks of their depth and growth, and the job that redrives them."""
