"""The entry that a WSGI server loads: `granian --interface wsgi wsgi:application`."""

from web.app import create_app

application = create_app()
