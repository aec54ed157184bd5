"""Hub personnel: who they are, what they may do, how they sign in and where they are signed in."""
