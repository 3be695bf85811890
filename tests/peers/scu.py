"""pynetdicom as a requestor: one operation, and what it was told as JSON, an object a line.

The only argument is a JSON object with the operation, the address, the titles and, for TLS, a
directory with the certificates.
"""

import json
import pathlib
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

# An object goes out as its file has it, without being read and written again.
_config.STORE_SEND_CHUNKED_DATASET = True

LEVELS = {
    "STUDY": ["PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "AccessionNumber"],
    "SERIES": ["SeriesInstanceUID", "Modality", "SeriesNumber"],
    "IMAGE": ["SOPInstanceUID", "InstanceNumber"],
}
UNCOMPRESSED = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]


def say(**what):
    print(json.dumps(what, sort_keys=True))


def security(order):
    """The TLS context and the name that the server's certificate must have, or nothing."""
    if "tls" not in order:
        return None
    directory = pathlib.Path(order["tls"])
    context = ssl.create_default_context(cafile=directory / "gate-ca.crt")
    context.load_cert_chain(directory / "device.crt", directory / "device.key")
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[order["version"]]
    context.minimum_version = context.maximum_version = version
    return context, order["name"]


def user(order):
    """The user identity that the order has: its type, its fields, and whether it wants an answer."""
    if "user" not in order:
        return []
    identity = UserIdentityNegotiation()
    kind, primary, secondary, wants_answer = order["user"]
    identity.user_identity_type = kind
    identity.primary_field = primary.encode()
    if secondary:
        identity.secondary_field = secondary.encode()
    identity.positive_response_requested = wants_answer
    return [identity]


def associate(order, contexts, roles=(), handlers=()):
    entity = AE(order["calling"])
    # Orthanc gives no answer to an object that it cannot read.
    entity.dimse_timeout = 5
    for abstract_syntax, transfer_syntaxes in contexts:
        entity.add_requested_context(abstract_syntax, transfer_syntaxes)
    rejections = []

    def note(event):
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append(event.pdu)

    association = entity.associate(
        order["host"],
        order["port"],
        ae_title=order["called"],
        ext_neg=[*roles, *user(order)],
        bind_address=(order["from"], 0) if "from" in order else None,
        evt_handlers=[*handlers, (evt.EVT_PDU_RECV, note)],
        tls_args=security(order),
    )
    # On a busy machine pynetdicom may find the connection closed before it looks at the rejection
    # that it has read, and take the association for aborted.
    association.rejections = rejections
    return association


def pause_reactor(association):
    """Before a request: pynetdicom takes its own reactor for paused when that has only just gone on, which
    then drops the response as an unexpected message. The request lets it go on."""
    association._reactor_checkpoint.clear()
    time.sleep(0.05)


def echo(order):
    association = associate(order, [(Verification, UNCOMPRESSED)])
    if not association.is_established:
        return say(refused=reason(association))
    answer = association.acceptor.user_identity
    pause_reactor(association)
    say(status=association.send_c_echo().Status, answered=answer is not None)
    association.release()


def store(order):
    """One association an object, which proposes what the object is and nothing else."""
    with ThreadPoolExecutor(order["workers"]) as workers:
        for told in workers.map(lambda path: store_one(order, path), order["files"]):
            if told:
                say(**told)


def store_one(order, path):
    try:
        meta = pydicom.dcmread(path, specific_tags=[], stop_before_pixels=True).file_meta
        context = (meta.MediaStorageSOPClassUID, [meta.TransferSyntaxUID])
        meta.MediaStorageSOPInstanceUID
    except (AttributeError, pydicom.errors.InvalidDicomError):
        return None
    told = {"file": path, "class": context[0], "syntax": context[1][0]}
    association = associate(order, [context])
    if association.rejections or association.rejected_contexts:
        return told | {"refused": reason(association)}
    pause_reactor(association)
    response = association.send_c_store(path)
    told["status"] = response.get("Status")
    if "ErrorComment" in response:
        told["comment"] = response.ErrorComment
    association.release()
    return told


def find(order):
    models = [
        PatientRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelFind,
    ]
    association = associate(order, [(model, UNCOMPRESSED) for model in models])
    for model in models:
        for level, keys in LEVELS.items():
            for study in order["studies"]:
                query(association, model, level, keys, study)
    association.release()


def query(association, model, level, keys, study):
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    for key in keys:
        setattr(identifier, key, "")
    identifier.PatientID = study["patient"]
    identifier.StudyInstanceUID = study["study"]
    if level == "IMAGE":
        identifier.SeriesInstanceUID = study["series"]
    pause_reactor(association)
    for status, match in association.send_c_find(identifier, model):
        say(status=status.Status, match=match.to_json_dict() if match else None)


def retrieve(order, model, send, roles=(), contexts=(), handlers=()):
    association = associate(order, [(model, UNCOMPRESSED), *contexts], roles, handlers)
    for study in order["studies"]:
        identifier = Dataset()
        identifier.QueryRetrieveLevel = "STUDY"
        identifier.StudyInstanceUID = study["study"]
        pause_reactor(association)
        for status, _ in send(association, identifier):
            if status.Status not in (0xFF00, 0xFF01):
                say(
                    status=status.Status,
                    completed=status.get("NumberOfCompletedSuboperations"),
                    failed=status.get("NumberOfFailedSuboperations"),
                )
    association.release()


def get(order):
    def keep(event):
        instance = event.request.AffectedSOPInstanceUID
        (pathlib.Path(order["into"]) / instance).write_bytes(event.encoded_dataset())
        return 0

    model = StudyRootQueryRetrieveInformationModelGet
    retrieve(
        order,
        model,
        lambda association, identifier: association.send_c_get(identifier, model),
        [build_role(it, scp_role=True) for it in order["classes"]],
        [(it, [syntax]) for it in order["classes"] for syntax in order["syntaxes"]],
        [(evt.EVT_C_STORE, keep)],
    )


def move(order):
    model = StudyRootQueryRetrieveInformationModelMove
    retrieve(
        order,
        model,
        lambda association, identifier: association.send_c_move(
            identifier, order["destination"], model
        ),
    )


def reason(association):
    for answer in association.rejections:
        return f"{answer.result}/{answer.source}/{answer.reason_diagnostic}"
    return [context.result for context in association.rejected_contexts]


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    {"echo": echo, "store": store, "find": find, "get": get, "move": move}[order["operation"]](order)
