"""pydicom and pynetdicom as readers of what the gate lets through.

The first argument says what is read, the second where it is; the answers are JSON, one a line.
"""

import json
import pathlib
import sys
import warnings
from io import BytesIO

from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.encaps import generate_fragments
from pydicom.filereader import read_file_meta_info
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dsutils import decode
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_items import (
    ApplicationContextItem,
    ImplementationClassUIDSubItem,
    ImplementationVersionNameSubItem,
    MaximumLengthSubItem,
    PresentationContextItemRQ,
    SCP_SCU_RoleSelectionSubItem,
    SOPClassExtendedNegotiationSubItem,
    UserInformationItem,
)
from pynetdicom.pdu_primitives import P_DATA

UNDEFINED = 0xFFFFFFFF
# What may be in a request to a PACS.
USER_ITEMS = (
    ImplementationClassUIDSubItem,
    ImplementationVersionNameSubItem,
    MaximumLengthSubItem,
    SCP_SCU_RoleSelectionSubItem,
    SOPClassExtendedNegotiationSubItem,
)
IDENTIFIERS = {
    "00080016": "SOPClassUID",
    "00080018": "SOPInstanceUID",
    "0020000d": "StudyInstanceUID",
    "0020000e": "SeriesInstanceUID",
}


def say(what):
    print(json.dumps(what), flush=True)


class Structure:
    """The elements of a data set in the notation of the tests."""

    def __init__(self, dataset):
        self.elements = []
        self.walk(dataset, "")

    def walk(self, dataset, prefix):
        for tag in list(dataset.keys()):
            self.element(dataset, tag, f"{prefix}{tag.group:04x}{tag.element:04x}")

    def element(self, dataset, tag, path):
        raw = dataset.get_item(tag)
        is_raw = not isinstance(raw, DataElement)
        # What pydicom has converted while it read has lost its length, unless it was empty.
        length = raw.length if is_raw else 0 if raw.is_empty else None
        value = bytes(raw.value or b"") if is_raw else b""
        if is_raw and length == UNDEFINED and tag == 0x7FE00010:
            return self.fragments(value, path)
        try:
            element = dataset[tag]
        except Exception:
            # It can make nothing of the value, but knows where it stands.
            element = None
        if is_raw and length == UNDEFINED and not value:
            # A sequence without an item is not told from a value: it ends where it begins.
            return self.elements.append([path, "sequence", ""])
        if element is None or element.VR != "SQ":
            return self.elements.append([path, length, value[:4].hex()])
        self.elements.append([path, "sequence", ""])
        for number, item in enumerate(element.value):
            self.elements.append([f"{path}[{number}]", "item", ""])
            self.walk(item, f"{path}[{number}].")

    def fragments(self, value, path):
        self.elements.append([path, "sequence", ""])
        for number, fragment in enumerate(generate_fragments(value)):
            self.elements.append([f"{path}[{number}]", len(fragment), fragment[:4].hex()])


def structure(name, how, read):
    try:
        dataset = read()
        found = Structure(dataset)
        identifiers = {tag: str(dataset.get(keyword)) for tag, keyword in IDENTIFIERS.items()}
    except Exception as error:
        return say({"file": name, "how": how, "error": f"{type(error).__name__}: {error}"})
    say(
        {
            "file": name,
            "how": how,
            "elements": found.elements,
            "identifiers": identifiers,
        }
    )


def data_sets(directory):
    """Each file as pydicom reads it from a disk, and its data set as pynetdicom from a network."""
    for path in sorted(pathlib.Path(directory).glob("*.dcm")):
        structure(path.name, "file", lambda: dcmread(path, force=True))
        whole = path.read_bytes()
        syntax = read_file_meta_info(path).TransferSyntaxUID
        behind = 144 + int.from_bytes(whole[140:144], "little")
        structure(
            path.name,
            "network",
            lambda: decode(
                BytesIO(whole[behind:]), syntax.is_implicit_VR, syntax.is_little_endian
            ),
        )


def requests(path):
    """Each line is a whole A-ASSOCIATE-RQ in hexadecimal digits."""
    for line in pathlib.Path(path).read_text().splitlines():
        pdu = A_ASSOCIATE_RQ()
        pdu.decode(bytes.fromhex(line))
        user = pdu.user_information.user_data
        of = lambda kind: [item for item in user if type(item) is kind]
        singular = lambda kind, name: [getattr(item, name) for item in of(kind)]
        [maximum] = singular(MaximumLengthSubItem, "maximum_length_received")
        [implementation] = singular(ImplementationClassUIDSubItem, "implementation_class_uid")
        version = singular(ImplementationVersionNameSubItem, "implementation_version_name")
        known = (PresentationContextItemRQ, ApplicationContextItem, UserInformationItem)
        others = [item for item in pdu.variable_items if type(item) not in known]
        others += [item for item in user if type(item) not in USER_ITEMS]
        say(
            {
                "called": pdu.called_ae_title.strip(),
                "calling": pdu.calling_ae_title.strip(),
                "application": pdu.application_context_name,
                "contexts": [
                    [item.context_id, item.abstract_syntax, item.transfer_syntax]
                    for item in pdu.presentation_context
                ],
                "maximum": maximum,
                "class": implementation,
                "version": version[0].strip() if version else None,
                "roles": [
                    [item.uid, bool(item.scu), bool(item.scp)]
                    for item in of(SCP_SCU_RoleSelectionSubItem)
                ],
                "extended": [
                    [item.uid, item.app_info.hex()]
                    for item in of(SOPClassExtendedNegotiationSubItem)
                ],
                "others": [type(item).__name__ for item in others],
            }
        )


def commands(path):
    """Each line is a whole command set in hexadecimal digits."""
    for line in pathlib.Path(path).read_text().splitlines():
        fragment = P_DATA()
        # A command, and its last fragment.
        fragment.presentation_data_value_list = [[1, b"\x03" + bytes.fromhex(line)]]
        message = DIMSEMessage()
        message.decode_msg(fragment)
        # What pynetdicom's services see of it; it must not raise.
        message.message_to_primitive()
        elements = {
            f"{element.tag.group:04x}{element.tag.element:04x}": word(element)
            for element in message.command_set
        }
        say({"message": type(message).__name__, "elements": elements})


def word(element):
    """A value as dcmdump prints it."""
    values = element.value if element.VM > 1 else [element.value]
    if element.VR == "AT":
        values = [f"({tag >> 16:04x},{tag & 0xFFFF:04x})" for tag in map(int, values)]
    return "\\".join(str(value).strip() for value in values)


def main():
    warnings.simplefilter("ignore")
    {"data-sets": data_sets, "requests": requests, "commands": commands}[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    main()
