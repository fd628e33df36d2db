"""How does a creator's community grow, vote, talk and pay?"""
