"""Breaks things on purpose: networks, servers, the program itself. Every run can be repeated from its seed."""
