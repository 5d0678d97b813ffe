"""Reports over AMQP 0-9-1: an agent consumes at a RabbitMQ, and each report is stored once."""
