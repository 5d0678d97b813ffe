"""JSON files that one build of rohe writes and another one may read: the schema that they carry."""
