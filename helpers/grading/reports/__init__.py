"""What a grader gives out: the record of a submission, and one module for each kind of report made from records.

A record holds text that was a learner's. It is text in every report: escaped where it is shown, and rid of what a
file cannot hold when the record is made.
"""
