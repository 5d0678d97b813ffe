"""JSON files that one build of rohe writes and another one may read: their schema, and their compression."""
