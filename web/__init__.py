"""The roof: application, configuration, problem details, health, command line."""
