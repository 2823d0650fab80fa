"""What a learner types in a notebook, and the progress that is kept for them."""
