"""Forms in which code and files give a value to a name that is not just before it: mappings, records, arguments."""
