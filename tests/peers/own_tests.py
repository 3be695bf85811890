"""Leads the tests that come with pynetdicom through the gate: a plugin of pytest.

These tests start a PACS and connect to it. Here the PACS listens where the gate looks for it, and
the requestor is led to the gate, with TLS. Where a test's PACS itself connects to another system,
as C-MOVE does, it goes the direct way, as it does behind a gate.

The order is a JSON object in the environment: the ports, the directory with the certificates, the
name in the gate's, and which tests to run, as one share of several or by their names. The last
line is a JSON object with the number of tests that passed and the names of those that did not.
"""

import json
import os
import pathlib
import ssl

from pynetdicom.ae import ApplicationEntity
from pynetdicom.tests import utils

order = json.loads(os.environ["OWN_TESTS"])
passed = 0
failed = []


def security():
    directory = pathlib.Path(order["tls"])
    context = ssl.create_default_context(cafile=directory / "gate-ca.crt")
    context.load_cert_chain(directory / "device.crt", directory / "device.key")
    return context, order["name"]


def through_the_gate(associate):
    def associated(self, address, port, *rest, **named):
        title = rest[1] if len(rest) > 1 else named.get("ae_title", "ANY-SCP")
        if port == order["pacs"] and title == "ANY-SCP":
            return associate(
                self, "127.0.0.1", order["gate"], *rest, tls_args=security(), **named
            )
        return associate(self, address, port, *rest, **named)

    return associated


utils.PORTS[None] = (order["pacs"], order["other"])
ApplicationEntity.associate = through_the_gate(ApplicationEntity.associate)


def pytest_collection_modifyitems(items):
    if "only" in order:
        items[:] = [item for item in items if item.nodeid in order["only"]]
    else:
        items[:] = items[order["share"] :: order["of"]]


def pytest_runtest_logreport(report):
    global passed
    if report.failed:
        failed.append(report.nodeid)
    elif report.when == "call" and report.passed:
        passed += 1


def pytest_unconfigure():
    print("\n" + json.dumps({"passed": passed, "failed": failed}))
