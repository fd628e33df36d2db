"""Where do people drop out on their way to a purchase, and when did that change?"""
