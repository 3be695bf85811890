"""pynetdicom as a PACS for the services that DCMTK's and Orthanc's servers do not have.

The only argument is a JSON object: what it asks for by itself before it answers a C-ECHO, and
what after that; "report_to" is where it reports commitments on an association of its own, and "tls"
the directory with the certificates of a device that is reached with TLS. Its first line of output is its port; after that it writes what it saw as JSON,
an object a line.
"""

import json
import pathlib
import ssl
import sys
import threading
import time

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, build_role, evt, register_uid, sop_class
from pynetdicom.dimse_primitives import N_DELETE
from pynetdicom.service_class import ServiceClass, StorageServiceClass
from pynetdicom.service_class_n import UnifiedProcedureStepServiceClass

# Philips' MR series data, a private SOP class that archives keep.
PRIVATE = "1.3.46.670589.11.0.0.12.2"
CONTEXTS = [
    sop_class.BasicColorPrintManagementMeta,
    sop_class.BasicGrayscalePrintManagementMeta,
    sop_class.GeneralRelevantPatientInformationQuery,
    sop_class.InstanceAvailabilityNotification,
    sop_class.MediaCreationManagement,
    sop_class.ModalityPerformedProcedureStep,
    sop_class.ModalityPerformedProcedureStepNotification,
    sop_class.ModalityPerformedProcedureStepRetrieve,
    sop_class.ProceduralEventLogging,
    sop_class.ProductCharacteristicsQuery,
    sop_class.RTConventionalMachineVerification,
    sop_class.StudyRootQueryRetrieveInformationModelFind,
    sop_class.StudyRootQueryRetrieveInformationModelGet,
    sop_class.SubstanceAdministrationLogging,
    sop_class.UnifiedProcedureStepEvent,
    sop_class.UnifiedProcedureStepPull,
    sop_class.UnifiedProcedureStepPush,
    sop_class.UnifiedProcedureStepQuery,
    sop_class.UnifiedProcedureStepWatch,
    sop_class.Verification,
]
BOTH_ROLES = [
    PRIVATE,
    sop_class.CTImageStorage,
    sop_class.StorageCommitmentPushModel,
]
UNCOMPRESSED = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
STEP_EVENT = {
    "class": sop_class.UnifiedProcedureStepPush,
    "context": sop_class.UnifiedProcedureStepEvent,
}
MATCHES = {
    # Of a query that nobody cancels: enough that it would take a minute.
    sop_class.StudyRootQueryRetrieveInformationModelFind: 3000,
    # Behind a match pynetdicom sends it again, with the final response.
    sop_class.GeneralRelevantPatientInformationQuery: 0,
}

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
    if event.context.abstract_syntax == sop_class.UnifiedProcedureStepWatch:
        afterwards[event.assoc] = lambda: announce(event.assoc, STEP_EVENT)
    return 0x0000, None


def deleted(event):
    request = event.request
    seen(event, "n-delete", request.RequestedSOPClassUID, request.RequestedSOPInstanceUID)
    return 0x0000 if instances.pop(request.RequestedSOPInstanceUID, None) is not None else 0x0112


def told(event):
    """An event that the requestor reports."""
    request = event.request
    seen(
        event,
        f"n-event-report {request.EventTypeID}",
        request.AffectedSOPClassUID,
        request.AffectedSOPInstanceUID,
        event.event_information,
    )
    if request.AffectedSOPClassUID == sop_class.StorageCommitmentPushModel:
        say(
            transaction=event.event_information.TransactionUID,
            type=request.EventTypeID,
            committed=instances_of(event.event_information, "ReferencedSOPSequence"),
            failed=instances_of(event.event_information, "FailedSOPSequence"),
        )
    return 0x0000, None


def instances_of(information, keyword):
    return sorted(item.ReferencedSOPInstanceUID for item in information.get(keyword) or [])


def sent(event):
    if type(event.pdu).__name__ == "P_DATA_TF" and event.assoc in afterwards:
        threading.Thread(target=afterwards.pop(event.assoc)).start()


def report(association, commitment):
    done = Dataset()
    done.TransactionUID = commitment.TransactionUID
    done.ReferencedSOPSequence = commitment.ReferencedSOPSequence
    own = associated(order["report_to"]) if "report_to" in order else None
    association = own or association
    status, _ = association.send_n_event_report(
        done, 1, sop_class.StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1"
    )
    say(told=status.get("Status"), on="n-event-report")
    if own:
        own.release()


def associated(device):
    """An association with the device that asked, as SCP, whether or not it says so."""
    entity = AE("ARCHIVE")
    entity.add_requested_context(sop_class.StorageCommitmentPushModel, UNCOMPRESSED)
    role = build_role(sop_class.StorageCommitmentPushModel, scp_role=True)
    roles = [role] if device["proposes_role"] else []
    return entity.associate(
        device["host"], device["port"], ae_title=device["title"], ext_neg=roles
    )


def found(event):
    seen(event, "c-find", event.request.AffectedSOPClassUID, None, event.identifier)
    for number in range(MATCHES.get(event.context.abstract_syntax, 1)):
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


def retrieved(event):
    """One object of the private SOP class."""
    seen(event, "c-get", event.request.AffectedSOPClassUID, None, event.identifier)
    yield 1
    yield 0xFF00, image(PRIVATE, "2.25.99")


def stored(event):
    seen(event, "c-store", event.request.AffectedSOPClassUID, None)
    return 0x0000


def echoed(event):
    say(saw="c-echo")
    ask(event.assoc, order.get("on_echo", []))
    if order.get("after_echo"):
        afterwards[event.assoc] = lambda: ask(event.assoc, order["after_echo"])
    return 0x0000


def ask(association, requests):
    for request in requests:
        {"store": store, "event": announce, "action": act}[request["do"]](association, request)


def image(kind, instance):
    made = Dataset()
    made.SOPClassUID = kind
    made.SOPInstanceUID = instance
    made.PatientID = "4711"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def store(association, _):
    """Sends an object that nobody asked for."""
    be_scu(association)
    answer = association.send_c_store(image(sop_class.CTImageStorage, "2.25.99"))
    say(told=answer.get("Status"), on="c-store")


def be_scu(association):
    """Whatever role was negotiated."""
    for context in association.accepted_contexts:
        context._as_scu = True


def act(association, request):
    """Asks the requestor, as an SCU does."""
    be_scu(association)
    information = Dataset()
    information.TransactionUID = "2.25.600"
    status, _ = association.send_n_action(information, 1, request["class"], "2.25.97")
    say(told=status.get("Status"), on="n-action")


def announce(association, request):
    information = Dataset()
    information.PatientID = "4711"
    status, _ = association.send_n_event_report(
        information, 1, request["class"], "2.25.98", meta_uid=request["context"]
    )
    say(told=status.get("Status"), on="n-event-report")


class AnyServiceClass(UnifiedProcedureStepServiceClass):
    """What pynetdicom has no service class for: every normalized operation, and C-FIND."""

    def SCP(self, request, context):
        if isinstance(request, N_DELETE):
            self._n_delete_scp(request, context)
        else:
            super().SCP(request, context)


def security():
    """TLS that demands a certificate, or none."""
    if "tls" not in order:
        return None
    directory = pathlib.Path(order["tls"])
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=directory / "gate-ca.crt"
    )
    context.load_cert_chain(directory / "device.crt", directory / "device.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def main():
    entity = AE("ARCHIVE")
    for uid in order.get("besides", []):
        if sop_class.uid_to_service_class(uid) is ServiceClass:
            sop_class._SERVICE_CLASSES[uid] = AnyServiceClass
        entity.add_supported_context(uid, UNCOMPRESSED)
    register_uid(PRIVATE, "PrivateStorage", StorageServiceClass)
    for abstract_syntax in CONTEXTS:
        entity.add_supported_context(abstract_syntax, UNCOMPRESSED)
    for abstract_syntax in BOTH_ROLES:
        entity.add_supported_context(abstract_syntax, UNCOMPRESSED, scu_role=True, scp_role=True)
    handlers = [
        (evt.EVT_C_ECHO, echoed),
        (evt.EVT_C_FIND, found),
        (evt.EVT_C_GET, retrieved),
        (evt.EVT_C_STORE, stored),
        (evt.EVT_N_ACTION, acted),
        (evt.EVT_N_CREATE, created),
        (evt.EVT_N_DELETE, deleted),
        (evt.EVT_N_EVENT_REPORT, told),
        (evt.EVT_N_GET, read),
        (evt.EVT_N_SET, changed),
        (evt.EVT_PDU_SENT, sent),
    ]
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, ssl_context=security(), evt_handlers=handlers
    )
    say(port=server.server_address[1])
    threading.Event().wait()


if __name__ == "__main__":
    main()
