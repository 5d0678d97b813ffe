"""Files of others as blueprint documents: the original ROHE, QoA4ML, model profiles, Docker Compose; and back."""
