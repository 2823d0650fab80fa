"""The pages to look things up in: the summary sheet, and what changed since the original course."""

from helpers.reference.search import find_change, find_in_summary

__all__ = ["find_change", "find_in_summary"]
