"""Who a member is: a number and a name, sealed; sign-in, sessions, passkeys, erasing."""
