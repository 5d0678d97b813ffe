"""Grant pages: a share divided into messages, once for each epoch, so that pages of two sends belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rohe_iac.agent.sharing.messages import ReceivedNumbers, ShareGrant, encode


def pages_of(
    grant: ShareGrant, clients: Iterable[str], numbers_of: Callable[[str], list[tuple[str, list[list[int]]]]], size: int
) -> list[ShareGrant]:
    """Returns the pages of a share, with the sequence numbers that were received of its clients until now.

    Args:
        grant: Epoch, run of the agent and serial, which all pages have.
        clients: Clients of the share.
        numbers_of: Returns the ranges of received sequence numbers of a client by boot, oldest first.
        size: Bytes of one page, about.
    """
    pages: list[tuple[list[str], list[ReceivedNumbers]]] = [([], [])]
    filled = 0
    for client, numbers in _content(clients, numbers_of):
        of_item = len(encode((client, numbers)))
        if filled and filled + of_item > size:
            pages.append(([], []))
            filled = 0
        filled += of_item
        if numbers is None:
            pages[-1][0].append(client)
        else:
            pages[-1][1].append(numbers)
    return [
        ShareGrant(grant.epoch, grant.boot, grant.serial, number, len(pages), clients_of_page, numbers_of_page)
        for number, (clients_of_page, numbers_of_page) in enumerate(pages)
    ]


def _content(
    clients: Iterable[str], numbers_of: Callable[[str], list[tuple[str, list[list[int]]]]]
) -> Iterator[tuple[str, ReceivedNumbers | None]]:
    for client in sorted(clients):
        yield client, None
        for boot, ranges in numbers_of(client):
            # A copy: the numbers grow while the grant is on its way.
            yield client, ReceivedNumbers(client, boot, [list(pair) for pair in ranges])
