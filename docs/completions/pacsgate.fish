# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_pacsgate_global_optspecs
    string join \n c/config= h/help V/version
end

function __fish_pacsgate_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_pacsgate_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_pacsgate_using_subcommand
    set -l cmd (__fish_pacsgate_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c pacsgate -n "__fish_pacsgate_needs_command" -s c -l config -d 'The main configuration file; conf.d next to it is read too' -r -F
complete -c pacsgate -n "__fish_pacsgate_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -s V -l version -d 'Print version'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "run" -d 'Serve until a signal comes (the default)'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "check" -d 'Check the configuration, its certificates and its keys, without serving anybody'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "init" -d 'Make the gate\'s first configuration, a small CA, and the gate\'s own certificates'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "ca" -d 'Keep a small CA: issue, renew and revoke the certificates of devices, and of the gate'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "hash-password" -d 'Hash a password for the file that `[passwords]` names'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "import" -d 'Make the tables of peers from a list of devices that another program keeps'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "demo" -d 'Show the gate at work on this machine, with throwaway certificates and a PACS in memory'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "doctor" -d 'Attack one\'s own perimeter as scanners do, and report what is open, how bad it is and what to do'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "explain" -d 'Say what the gate would make of an association, and why: check by check, with what it missed by little and what to do'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "unknown" -d 'List the certificates of nobody that were refused lately, each with what lets its device in'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "suggest" -d 'Print the peers that the audit shows, as tables that the gate reads'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "probe" -d 'C-ECHO through TLS, saying what fails and where; or show that the PACS is not open'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "ready" -d 'Ask the gate that runs on this machine whether new associations may come to it'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "top" -d 'Show in the terminal how the gate is, who was refused and why, and what to do'
complete -c pacsgate -n "__fish_pacsgate_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand run" -s c -l config -d 'The main configuration file; conf.d next to it is read too' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand run" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand check" -s c -l config -d 'The main configuration file; conf.d next to it is read too' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand check" -l user -d 'As whom the gate will run: whether this user can read the files is judged by their modes. Root is told by the installed pacsgate.service, or by whether there is a user pacsgate' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand check" -l against-running -d 'Ask the gate that runs on this machine which associations are open, and say which of them a reload would end; and which certificates, of those that peers have shown, end soon. Root and the gate\'s own user may ask' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand check" -l strict -d 'Treat warnings as errors'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand check" -l json -d 'Write one JSON object for programs instead of lines for people'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l pacs -d 'The PACS\'s address and DICOM port, such as 10.10.0.5:104. Left out: asked for' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l title -d 'The PACS\'s AE title, by which devices call it. Left out: asked for' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l name -d 'A name of the gate, by which devices connect to it; may be given several times. Left out: asked for' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l ip -d 'An address of the gate, for devices that connect by it and compare it with the certificate; may be given several times. Left out: those of this machine' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l port -d 'The port for devices with TLS' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l dir -d 'The folder of the gate\'s files' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l ca -d 'The folder of the CA, which is made if there is none' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l passphrase-file -d 'Read the passphrase of the CA\'s key from the first line of this file; `-` is the standard input. Left out: asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l client-ca -d 'Make no CA, as it is on another machine: the certificates (PEM) by which devices are known' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l client-crl -d 'The revocation list of that CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -l no-passphrase -d 'Leave a new CA\'s key without a passphrase'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "init" -d 'Make the CA: its key, its certificate, and an empty revocation list'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "issue" -d 'Issue a device its key and its certificate, and write its table for the gate'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "sign" -d 'Issue a certificate for a device that has made its key itself'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "renew" -d 'Issue a device another certificate; the one before counts on, until `retire`'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "retire" -d 'Revoke every certificate of a device but the newest'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "revoke" -d 'Revoke a device, or one certificate by its serial number'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "crl" -d 'Make a fresh revocation list'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "list" -d 'List devices and certificates, with the days that are left'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "server" -d 'Issue the gate its own certificate'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and not __fish_seen_subcommand_from init issue sign renew retire revoke crl list server help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l name -d 'What the CA is called' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l organization -d 'Whose it is' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l permit-dns -d 'A domain that the CA is kept to; may be given several times. Every name that it issues is then within one of them, and others believe it nothing else' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l key -d 'The kind of key' -r -f -a "rsa\t''
ecdsa\t''"
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l days -d 'How long the CA lasts' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -l no-passphrase -d 'Leave the CA\'s key without a passphrase'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l title -d 'An AE title that the device claims; may be given several times' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l dns -d 'A DNS name by which the gate recognises the certificate; may be given several times. It need not be in the DNS. Left out: the device\'s name, in the first domain of the CA if it is kept to some' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l service -d 'A service that the device may use; may be given several times' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l pacs -d 'A PACS that it may reach; may be given several times. Left out: the only one of the gate' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l days -d 'How long the certificate counts' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l key -d 'The kind of key: every device understands RSA' -r -f -a "rsa\t''
ecdsa\t''"
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l gate -d 'The main configuration file of the gate on this machine, which is given the device\'s table and the revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l unit -d 'The systemd unit to reload. Left out: pacsgate.service, for the configuration above' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l also-server -d 'The gate connects to the device over TLS as well: the certificate is one for servers, too'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -l no-gate -d 'Change nothing outside the CA\'s folder'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from issue" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l name -d 'What the device is called: the name of its table in the configuration' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l title -d 'An AE title that the device claims; may be given several times' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l dns -d 'A DNS name by which the gate recognises the certificate; may be given several times. It need not be in the DNS. Left out: the device\'s name, in the first domain of the CA if it is kept to some' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l service -d 'A service that the device may use; may be given several times' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l pacs -d 'A PACS that it may reach; may be given several times. Left out: the only one of the gate' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l days -d 'How long the certificate counts' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l gate -d 'The main configuration file of the gate on this machine, which is given the device\'s table and the revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l unit -d 'The systemd unit to reload. Left out: pacsgate.service, for the configuration above' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l also-server -d 'The gate connects to the device over TLS as well: the certificate is one for servers, too'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -l no-gate -d 'Change nothing outside the CA\'s folder'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l csr -d 'The request of a device that has made its key itself' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l key -d 'The kind of the new key. Left out: that of the last' -r -f -a "rsa\t''
ecdsa\t''"
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l days -d 'How long the certificate counts' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l gate -d 'The main configuration file of the gate on this machine, which is given the device\'s table and the revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l unit -d 'The systemd unit to reload. Left out: pacsgate.service, for the configuration above' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -l no-gate -d 'Change nothing outside the CA\'s folder'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from renew" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from retire" -l list-days -d 'How long the revocation list counts: once it has ended, the gate lets in no device of this CA' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from retire" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from retire" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from retire" -l gate -d 'The main configuration file of the gate on this machine, which is given the device\'s table and the revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from retire" -l unit -d 'The systemd unit to reload. Left out: pacsgate.service, for the configuration above' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from retire" -l no-gate -d 'Change nothing outside the CA\'s folder'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from retire" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -l reason -d 'Why' -r -f -a "unspecified\t''
key-compromise\t''
affiliation-changed\t''
superseded\t''
cessation-of-operation\t''"
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -l list-days -d 'How long the revocation list counts: once it has ended, the gate lets in no device of this CA' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -l gate -d 'The main configuration file of the gate on this machine, which is given the device\'s table and the revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -l unit -d 'The systemd unit to reload. Left out: pacsgate.service, for the configuration above' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -l no-gate -d 'Change nothing outside the CA\'s folder'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from crl" -l days -d 'How long the list counts: once it has ended, the gate lets in no device of this CA' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from crl" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from crl" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from crl" -l gate -d 'The main configuration file of the gate on this machine, which is given the device\'s table and the revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from crl" -l unit -d 'The systemd unit to reload. Left out: pacsgate.service, for the configuration above' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from crl" -l no-gate -d 'Change nothing outside the CA\'s folder'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from crl" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from list" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON object for programs instead of lines for people'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l dns -d 'A DNS name by which devices connect to the gate; may be given several times' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l ip -d 'An address by which they do; may be given several times' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l key -d 'The kind of key: every device understands RSA' -r -f -a "rsa\t''
ecdsa\t''"
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l days -d 'How long the certificate counts' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l write -d 'The folder for both files' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l file -d 'What the files are called, before .pem and .key. Left out: gateway for RSA, gateway-ecdsa for ECDSA' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l ca -d 'The folder of the CA' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l passphrase-file -d 'Read the passphrase from the first line of this file; `-` is the standard input. Left out, it is asked for' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l gate -d 'The main configuration file of the gate on this machine, which is given the device\'s table and the revocation list. Left out: /etc/pacsgate/pacsgate.toml, if it is there' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l unit -d 'The systemd unit to reload. Left out: pacsgate.service, for the configuration above' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l replace -d 'Write over the files that are there'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -l no-gate -d 'Change nothing outside the CA\'s folder'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from server" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "init" -d 'Make the CA: its key, its certificate, and an empty revocation list'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "issue" -d 'Issue a device its key and its certificate, and write its table for the gate'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "sign" -d 'Issue a certificate for a device that has made its key itself'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "renew" -d 'Issue a device another certificate; the one before counts on, until `retire`'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "retire" -d 'Revoke every certificate of a device but the newest'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a device, or one certificate by its serial number'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "crl" -d 'Make a fresh revocation list'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "list" -d 'List devices and certificates, with the days that are left'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "server" -d 'Issue the gate its own certificate'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ca; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand hash-password" -l user -d 'The user\'s name as the device sends it; without one, only the hash is printed' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand hash-password" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand import" -l format -d 'What it is. Left out: what it looks like' -r -f -a "csv\t'A table of a spreadsheet, with a header line; fields parted by comma, semicolon or tab'
orthanc\t'orthanc.json, or its DicomModalities alone'
dcmqrscp\t'dcmqrscp.cfg of DCMTK'
dcm4chee\t'Devices or AEs of dcm4chee-arc 5, as JSON'
conquest\t'acrnema.map of Conquest'"
complete -c pacsgate -n "__fish_pacsgate_using_subcommand import" -l write -d 'A folder, which exists, for a file NAME.toml of each device. Left out: all tables go to the standard output' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand import" -l pacs -d 'The PACS that the devices may reach, by the name of its table. Left out: the only one of --config, or a gap' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand import" -s c -l config -d 'A configuration whose peers the names and titles are compared with' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand import" -l json -d 'Write one JSON object for programs instead of lines for people'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand demo" -l folder -d 'Where the PACS puts what it is sent; without it, into memory' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand demo" -l once -d 'Only play the scenes: exit 0 if every answer was the expected one, 1 otherwise'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand demo" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -s c -l config -d 'The main configuration file, which says where the PACS and the gate are. Left out: /etc/pacsgate/pacsgate.toml where that exists' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -l title -d 'A called AE title to be tried besides those of the configuration and the usual ones' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -l ports -d 'Ports to be tried at every address instead of the usual ones' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -l timeout -d 'How long each step may take' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -l named-ports -d 'Try the ports only that the configuration and the addresses name'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -l elsewhere -d 'This machine is not the gate, although it has a configuration: what is reachable from here is reachable for others'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -l dry-run -d 'Say what would be touched, and end'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -l json -d 'Write one JSON object for programs instead of a report for people'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -s c -l config -d 'The main configuration file; conf.d next to it is read too' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l certificate -d 'The certificate that the device shows, in a file, its chain behind it; or its SHA-256 digest. Left out: it shows none' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l calling -d 'Its calling title' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l called -d 'The called title' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l source -d 'The address from which it comes' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l service -d 'A service that it asks for, as in `services` of a peer; C-ECHO if nothing is named' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l sop-class -d 'A SOP class that it asks for, by keyword or UID' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l token -d 'A file with the token that its user shows' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l user -d 'The name that its user shows; the password is taken for right' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l request -d 'A captured A-ASSOCIATE-RQ with its header: bytes, or hexadecimal digits' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l listener -d 'The listener at which it connects; needed where there are several' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l audit -d 'The audit in which an id or a digest is looked up; `-` is the standard input. Left out: the file of the configuration, or what is piped in' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -l json -d 'Write one JSON object for programs instead of lines for people'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand unknown" -s c -l config -d 'The main configuration file, which says where the audit is' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand unknown" -l audit -d 'The audit; `-` is the standard input. Left out: the file of the configuration, or what is piped in' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand unknown" -l since -d 'How far to look back' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand unknown" -l json -d 'Write one JSON object for programs instead of lines for people'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand unknown" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand suggest" -s c -l config -d 'The main configuration file: what it permits is left out' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand suggest" -l write -d 'Write a file for each new peer into this directory, where there must be none of these names; the rest is printed' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand suggest" -l since -d 'How far to look back; left out: as far as the audit goes' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand suggest" -l unused -d 'Instead, list what the peers of the configuration may do and did not in this time, such as 90d' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand suggest" -l json -d 'Write one JSON object for programs instead of files for the gate'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand suggest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l calling -d 'The calling AE title' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l called -d 'The called AE title' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l certificate -d 'The client certificate with its chain, leaf first (PEM)' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l key -d 'The client certificate\'s key (PEM, without a passphrase)' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l ca -d 'The CAs that the server\'s certificate must come from (PEM)' -r -F
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l name -d 'The name in the server\'s certificate, where it is not HOST' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l timeout -d 'How long each step may take' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l plain -d 'Show that HOST:PORT, the PACS itself, cannot be reached from here'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l without-tls -d 'Speak to a listener without TLS, as a device without TLS does'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -l from-pacs -d 'Play the PACS at an outward listener: ask for all that a PACS sends a device, and store nothing'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand probe" -s h -l help -d 'Print help'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ready" -l socket -d 'Where its admin endpoint answers, as in `admin.bind`: the path of a socket, or an address of loopback with its port' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ready" -l timeout -d 'How long the answer may take' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ready" -l alive -d 'Ask only whether the gate moves, as it does while it stops, or while its PACS is down: one that does not is to be restarted'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ready" -l without-pacs -d 'Ready, too, while no address of a PACS is alive: such a gate still tells each device so, which is more than nobody does where every gate has the same PACS'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand ready" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand top" -l socket -d 'Where its admin endpoint answers, as in `admin.bind`: the path of a socket, or an address of loopback with its port' -r
complete -c pacsgate -n "__fish_pacsgate_using_subcommand top" -l once -d 'Print all of it once, as plain text'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "run" -d 'Serve until a signal comes (the default)'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "check" -d 'Check the configuration, its certificates and its keys, without serving anybody'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "init" -d 'Make the gate\'s first configuration, a small CA, and the gate\'s own certificates'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "ca" -d 'Keep a small CA: issue, renew and revoke the certificates of devices, and of the gate'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "hash-password" -d 'Hash a password for the file that `[passwords]` names'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "import" -d 'Make the tables of peers from a list of devices that another program keeps'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "demo" -d 'Show the gate at work on this machine, with throwaway certificates and a PACS in memory'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "doctor" -d 'Attack one\'s own perimeter as scanners do, and report what is open, how bad it is and what to do'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "explain" -d 'Say what the gate would make of an association, and why: check by check, with what it missed by little and what to do'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "unknown" -d 'List the certificates of nobody that were refused lately, each with what lets its device in'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "suggest" -d 'Print the peers that the audit shows, as tables that the gate reads'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "probe" -d 'C-ECHO through TLS, saying what fails and where; or show that the PACS is not open'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "ready" -d 'Ask the gate that runs on this machine whether new associations may come to it'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "top" -d 'Show in the terminal how the gate is, who was refused and why, and what to do'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and not __fish_seen_subcommand_from run check init ca hash-password import demo doctor explain unknown suggest probe ready top help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "init" -d 'Make the CA: its key, its certificate, and an empty revocation list'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "issue" -d 'Issue a device its key and its certificate, and write its table for the gate'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "sign" -d 'Issue a certificate for a device that has made its key itself'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "renew" -d 'Issue a device another certificate; the one before counts on, until `retire`'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "retire" -d 'Revoke every certificate of a device but the newest'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "revoke" -d 'Revoke a device, or one certificate by its serial number'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "crl" -d 'Make a fresh revocation list'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "list" -d 'List devices and certificates, with the days that are left'
complete -c pacsgate -n "__fish_pacsgate_using_subcommand help; and __fish_seen_subcommand_from ca" -f -a "server" -d 'Issue the gate its own certificate'
