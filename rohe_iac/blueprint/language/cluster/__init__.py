"""Fields that only clusters act on: where they keep what has to survive a pod."""
