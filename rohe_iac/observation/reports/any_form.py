"""Any form: the report of a message, of whatever form it is."""

from __future__ import annotations

from rohe_iac.observation.reports.qoa4ml import decode_qoa4ml
from rohe_iac.observation.reports.report import Report, Undecodable, decode_report


def decode_any_report(payload: bytes, service: str, instance: str) -> Report:
    """Decodes a report of rohe's form or of QoA4ML's.

    Args:
        payload: Bytes of the message.
        service: Service level of the topic.
        instance: Instance level of the topic.

    Raises:
        Undecodable: The bytes are no report, or one beyond bounds.
    """
    # Rohe's form begins with its version; QoA4ML's envelopes have none.
    if payload[:64].lstrip().startswith(b'{"v":'):
        return decode_report(payload)
    try:
        return decode_qoa4ml(payload, service, instance)
    except Undecodable as foreign:
        try:
            return decode_report(payload)
        except Undecodable as own:
            # A message with a version was meant to be of rohe's form, however it is written.
            raise (own if b'"v"' in payload[:256] else foreign) from None
