"""Which variant won, and how sure are we?"""
