"""pynetdicom as a PACS for the services that DCMTK's and Orthanc's servers do not have.

The only argument is a JSON object: what it asks for by itself before it answers a C-ECHO, and
what after that. Its first line of output is its port; after that it writes what it saw as JSON,
an object a line.
"""

import json
import sys
import threading
import time

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt, sop_class

CONTEXTS = [
    sop_class.BasicColorPrintManagementMeta,
    sop_class.BasicGrayscalePrintManagementMeta,
    sop_class.CTImageStorage,
    sop_class.ModalityPerformedProcedureStep,
    sop_class.ModalityPerformedProcedureStepNotification,
    sop_class.ModalityPerformedProcedureStepRetrieve,
    sop_class.StorageCommitmentPushModel,
    sop_class.StudyRootQueryRetrieveInformationModelFind,
    sop_class.Verification,
]
UNCOMPRESSED = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
# Matches of a query that nobody cancels: enough that it would take a minute.
MATCHES = 3000

order = json.loads(sys.argv[1])
instances = {}
# What is to be done on an association once its request is answered.
afterwards = {}


def say(**what):
    print(json.dumps(what, sort_keys=True), flush=True)


def attributes(dataset):
    return {it.keyword: str(it.value) for it in dataset if it.VR != "SQ"}


def seen(event, operation, named, instance, dataset=None):
    say(
        saw=operation,
        context=event.context.abstract_syntax,
        named=named,
        instance=instance,
        attributes=attributes(dataset) if dataset is not None else None,
    )


def created(event):
    request = event.request
    dataset = event.attribute_list
    instance = request.AffectedSOPInstanceUID or f"2.25.{len(instances) + 1}"
    seen(event, "n-create", request.AffectedSOPClassUID, instance, dataset)
    if request.AffectedSOPClassUID == sop_class.BasicFilmBox:
        image_box = Dataset()
        image_box.ReferencedSOPClassUID = sop_class.BasicGrayscaleImageBox
        image_box.ReferencedSOPInstanceUID = f"{instance}.1"
        instances[f"{instance}.1"] = Dataset()
        dataset.ReferencedImageBoxSequence = [image_box]
    dataset.AffectedSOPClassUID = request.AffectedSOPClassUID
    dataset.AffectedSOPInstanceUID = instance
    instances[instance] = dataset
    return 0x0000, dataset


def changed(event):
    request = event.request
    seen(
        event,
        "n-set",
        request.RequestedSOPClassUID,
        request.RequestedSOPInstanceUID,
        event.modification_list,
    )
    known = instances.get(request.RequestedSOPInstanceUID)
    if known is None:
        return 0x0112, None
    known.update(event.modification_list)
    return 0x0000, event.modification_list


def read(event):
    request = event.request
    seen(event, "n-get", request.RequestedSOPClassUID, request.RequestedSOPInstanceUID)
    if event.context.abstract_syntax in (
        sop_class.BasicGrayscalePrintManagementMeta,
        sop_class.BasicColorPrintManagementMeta,
    ):
        printer = Dataset()
        printer.PrinterStatus = "NORMAL"
        return 0x0000, printer
    known = instances.get(request.RequestedSOPInstanceUID)
    if known is None:
        return 0x0112, None
    answer = Dataset()
    for element in known:
        if element.tag in (request.AttributeIdentifierList or []):
            answer.add(element)
    return 0x0000, answer


def acted(event):
    request = event.request
    dataset = event.action_information
    seen(
        event,
        f"n-action {request.ActionTypeID}",
        request.RequestedSOPClassUID,
        request.RequestedSOPInstanceUID,
        dataset,
    )
    if request.RequestedSOPClassUID == sop_class.StorageCommitmentPushModel:
        afterwards[event.assoc] = lambda: report(event.assoc, dataset)
    return 0x0000, None


def deleted(event):
    request = event.request
    seen(event, "n-delete", request.RequestedSOPClassUID, request.RequestedSOPInstanceUID)
    return 0x0000 if instances.pop(request.RequestedSOPInstanceUID, None) is not None else 0x0112


def sent(event):
    if type(event.pdu).__name__ == "P_DATA_TF" and event.assoc in afterwards:
        threading.Thread(target=afterwards.pop(event.assoc)).start()


def report(association, commitment):
    done = Dataset()
    done.TransactionUID = commitment.TransactionUID
    done.ReferencedSOPSequence = commitment.ReferencedSOPSequence
    status, _ = association.send_n_event_report(
        done, 1, sop_class.StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1"
    )
    say(told=status.get("Status"), on="n-event-report")


def found(event):
    seen(event, "c-find", event.request.AffectedSOPClassUID, None, event.identifier)
    for number in range(MATCHES):
        if event.is_cancelled:
            say(saw="c-cancel")
            yield 0xFE00, None
            return
        match = Dataset()
        match.QueryRetrieveLevel = "STUDY"
        match.StudyInstanceUID = f"2.25.{number + 1}"
        yield 0xFF00, match
        # A PACS needs time for each match; without it the C-CANCEL may come too late.
        time.sleep(0.02)


def stored(event):
    seen(event, "c-store", event.request.AffectedSOPClassUID, None)
    return 0x0000


def echoed(event):
    say(saw="c-echo")
    ask(event.assoc, order["on_echo"])
    if order["after_echo"]:
        afterwards[event.assoc] = lambda: ask(event.assoc, order["after_echo"])
    return 0x0000


def ask(association, requests):
    for request in requests:
        {"store": store, "event": announce}[request["do"]](association, request)


def store(association, _):
    """Sends an object that nobody asked for."""
    image = Dataset()
    image.SOPClassUID = sop_class.CTImageStorage
    image.SOPInstanceUID = "2.25.99"
    image.PatientID = "4711"
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for context in association.accepted_contexts:
        # The role was not negotiated for that.
        context._as_scu = True
    say(told=association.send_c_store(image).get("Status"), on="c-store")


def announce(association, request):
    information = Dataset()
    information.PatientID = "4711"
    status, _ = association.send_n_event_report(
        information, 1, request["class"], "2.25.98", meta_uid=request["context"]
    )
    say(told=status.get("Status"), on="n-event-report")


def main():
    entity = AE("ARCHIVE")
    for abstract_syntax in CONTEXTS:
        entity.add_supported_context(abstract_syntax, UNCOMPRESSED)
    entity.add_supported_context(sop_class.CTImageStorage, UNCOMPRESSED, scu_role=True, scp_role=True)
    handlers = [
        (evt.EVT_C_ECHO, echoed),
        (evt.EVT_C_FIND, found),
        (evt.EVT_C_STORE, stored),
        (evt.EVT_N_ACTION, acted),
        (evt.EVT_N_CREATE, created),
        (evt.EVT_N_DELETE, deleted),
        (evt.EVT_N_GET, read),
        (evt.EVT_N_SET, changed),
        (evt.EVT_PDU_SENT, sent),
    ]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    say(port=server.server_address[1])
    threading.Event().wait()


if __name__ == "__main__":
    main()
