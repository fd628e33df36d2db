"""Which company does a client want to pay next?"""
