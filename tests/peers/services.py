"""pynetdicom as a requestor that does one thing after the other on one association.

The only argument is a JSON object with the address, the titles, the directory with the
certificates, the contexts to propose and the steps. What it is told goes out as JSON, an object a
line: first which contexts were accepted, then one object a step.
"""

import json
import sys
import threading

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import build_role, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from scu import UNCOMPRESSED, associate, pause_reactor, reason, say

# How long it waits for what the PACS sends by itself.
PATIENCE = 15
reported = threading.Event()
received = []


def dataset(attributes):
    """A data set from keywords; a list of such stands for a sequence, and a number for as many bytes of
    pixel data or as many references."""
    made = Dataset()
    for keyword, value in attributes.items():
        if keyword == "PixelData":
            value = bytes(value)
        elif keyword == "ReferencedSOPSequence" and isinstance(value, int):
            value = [reference(number) for number in range(value)]
        elif isinstance(value, list):
            value = [dataset(item) for item in value]
        setattr(made, keyword, value)
    return made


def reference(number):
    instance = f"1.2.840.113619.2.55.3.604688119.971.1234567890.{number}"
    return dataset(
        {"ReferencedSOPClassUID": CTImageStorage, "ReferencedSOPInstanceUID": instance}
    )


def plain(answer):
    return {it.keyword: str(it.value) for it in answer if it.VR != "SQ"} if answer else None


def echo(association, _):
    return {"status": association.send_c_echo().get("Status")}


def find(association, step):
    matches, status = 0, None
    answers = association.send_c_find(dataset(step["keys"]), step["on"], msg_id=7)
    for answer, _ in answers:
        status = answer.get("Status")
        if status in (0xFF00, 0xFF01):
            matches += 1
            if matches == step.get("cancel_after"):
                association.send_c_cancel(7, query_model=step["on"])
    return {"status": status, "matches": matches}


def retrieval(answers):
    last = None
    for answer, _ in answers:
        last = answer
    return {
        "status": last.get("Status"),
        "completed": last.get("NumberOfCompletedSuboperations"),
    }


def move(association, step):
    model = StudyRootQueryRetrieveInformationModelMove
    return retrieval(association.send_c_move(dataset(step["keys"]), step["to"], model))


def get(association, step):
    model = StudyRootQueryRetrieveInformationModelGet
    answer = retrieval(association.send_c_get(dataset(step["keys"]), model))
    return answer | {"received": len(received)}


def store(association, _):
    image = dataset(
        {
            "SOPClassUID": CTImageStorage,
            "SOPInstanceUID": "2.25.97",
            "PatientID": "1",
            "StudyInstanceUID": "2.25.95",
            "SeriesInstanceUID": "2.25.96",
        }
    )
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    be_scu(association)
    return {"status": association.send_c_store(image).get("Status")}


def be_scu(association):
    """The gate takes this role out; a requestor that should be stopped takes it nonetheless."""
    for context in association.accepted_contexts:
        context._as_scu = True


def on(step):
    """The instance, and the context where that is another SOP class's."""
    return {
        "class_uid": step["class"],
        "instance_uid": step["instance"],
        "meta_uid": step.get("on"),
    }


def answered(answer):
    status, answer = answer
    return {"status": status.get("Status"), "attributes": plain(answer)}


def create(association, step):
    return answered(association.send_n_create(dataset(step["attributes"]), **on(step)))


def change(association, step):
    return answered(association.send_n_set(dataset(step["attributes"]), **on(step)))


def read(association, step):
    return answered(association.send_n_get([(0x0040, 0x0252), (0x2110, 0x0010)], **on(step)))


def act(association, step):
    be_scu(association)
    information = dataset(step["attributes"]) if "attributes" in step else None
    return answered(association.send_n_action(information, step["type"], **on(step)))


def event(association, step):
    """Reports as the SCP of the service does."""
    information = dataset(step["attributes"]) if "attributes" in step else None
    return answered(association.send_n_event_report(information, step["type"], **on(step)))


def delete(association, step):
    return {"status": association.send_n_delete(**on(step)).get("Status")}


def report(_, __):
    return {"reported": reported.wait(PATIENCE), "received": received}


def so_far(_, __):
    return {"received": received}


def keep(event):
    received.append(str(event.request.AffectedSOPInstanceUID))
    return 0x0000


def keep_report(event):
    received.append(
        {
            "context": event.context.abstract_syntax,
            "class": event.request.AffectedSOPClassUID,
            "type": event.event_type,
            "attributes": plain(event.event_information),
        }
    )
    return 0x0000, None


def keep_action(event):
    received.append(
        {
            "context": event.context.abstract_syntax,
            "class": event.request.RequestedSOPClassUID,
            "type": event.action_type,
            "attributes": plain(event.action_information),
        }
    )
    return 0x0000, None


def sent(event):
    """A release right behind a handler would overtake the response to what it was told."""
    if received and type(event.pdu).__name__ == "P_DATA_TF":
        reported.set()


STEPS = {
    "c-echo": echo,
    "c-find": find,
    "c-get": get,
    "c-move": move,
    "c-store": store,
    "n-action": act,
    "n-create": create,
    "n-delete": delete,
    "n-event-report": event,
    "n-get": read,
    "n-set": change,
    "report": report,
    "report-now": so_far,
}


def main(order):
    association = associate(
        order,
        [(it, UNCOMPRESSED) for it in order["contexts"]],
        [build_role(it, scu_role=True, scp_role=True) for it in order["roles"]],
        [
            (evt.EVT_C_STORE, keep),
            (evt.EVT_N_ACTION, keep_action),
            (evt.EVT_N_EVENT_REPORT, keep_report),
            (evt.EVT_PDU_SENT, sent),
        ],
    )
    if not association.is_established:
        return say(refused=reason(association))
    say(accepted=[it.abstract_syntax for it in association.accepted_contexts])
    for step in order["steps"]:
        if step["do"] not in ("report", "report-now"):
            pause_reactor(association)
        say(step=step["do"], **STEPS[step["do"]](association, step))
    association.release()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
