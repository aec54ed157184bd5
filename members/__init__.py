"""People: enrolment, links to partners, consent to spend."""
