"""The commands of `tideline`, by what they are about."""
