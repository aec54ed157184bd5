"""Why a figure is what it is, down to the signed requests behind it; and what it would be."""
