"""The meaning of each field about reports over AMQP, with an example."""

from __future__ import annotations

AMQP_FIELDS: dict[str, tuple[str, str]] = {
    "StackSpec.amqp": (
        "Where services with an AMQP client report, such as those of QoA4ML, beside those with an MQTT client.",
        "{url: 'amqp://rabbit', user: rohe, password: {secret: 'env:RABBIT'}, exchange: qoa}",
    ),
    "Amqp.url": ("The address of RabbitMQ, without user and password.", "amqps://rabbit:5671/vhost"),
    "Amqp.user": ("The user as whom agents log in.", "rohe"),
    "Amqp.password": ("The password of the user.", "{secret: 'env:RABBIT'}"),
    "Amqp.ca": (
        "Certificates (PEM) of the authorities to trust; absent: those of the system.",
        "{secret: 'file:ca.pem'}",
    ),
    "Amqp.exchange": ("The exchange that services publish to; agents declare it where it is absent.", "qoa"),
    "Amqp.type": ("The type of the exchange: topic, direct or fanout.", "topic"),
    "Amqp.keys": (
        "By pipeline, the routing keys of its reports; absent: all reports are of the only pipeline.",
        "{cctvs: ['qoa.cctvs.#'], bts: ['qoa.bts.#']}",
    ),
}
"""By model and field name, as in a document."""
