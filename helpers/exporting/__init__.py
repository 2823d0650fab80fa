"""What a teacher gives out or hands to another tool: handouts, nbgrader, Gradescope, GitHub Actions."""
