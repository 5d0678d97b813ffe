"""What both ends of the wire between services and agents have to agree on."""
