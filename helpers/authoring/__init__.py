"""From one source a lesson to its notebooks: reading, stripping, translating, executing, and the author's gate."""
