// dcmjs-dimse as a requestor: one operation, and what it was told as JSON, an object a line.
//
// The only argument is a JSON object with the operation, the address, the titles and, for TLS, a
// directory with the certificates.
'use strict';

const fs = require('fs');
const path = require('path');
const tls = require('tls');
const { Client, constants, requests, responses } = require('dcmjs-dimse');

const order = JSON.parse(process.argv[2]);

// The packages write their log to the standard output; ours is for the answers alone.
console.log = console.info = console.warn = console.error;
const say = (what) => fs.writeSync(1, `${JSON.stringify(what)}\n`);

// The package has no option for the name that the server's certificate must have.
const connect = tls.connect;
tls.connect = (options, ...rest) => connect({ ...options, servername: order.name }, ...rest);

const told = (request, response) => {
  const match = response.hasDataset() ? response.getDataset().getElements() : undefined;
  say({ status: response.getStatus(), match });
};

const retrieved = (request, response) => {
  if (response.getStatus() === constants.Status.Pending) return;
  const [completed, failed] = [response.getCompleted(), response.getFailures()];
  say({ status: response.getStatus(), completed, failed });
};

const operations = {
  echo: () => [[new requests.CEchoRequest(), told]],
  store: () => order.files.map((file) => [new requests.CStoreRequest(file), told]),
  find: () =>
    order.studies.flatMap(({ patient, study, series }) => [
      [requests.CFindRequest.createStudyFindRequest({ PatientID: patient }), told],
      [requests.CFindRequest.createSeriesFindRequest({ StudyInstanceUID: study }), told],
      [
        requests.CFindRequest.createImageFindRequest({
          StudyInstanceUID: study,
          SeriesInstanceUID: series,
        }),
        told,
      ],
    ]),
  get: () =>
    order.studies.map(({ study }) => [
      requests.CGetRequest.createStudyGetRequest(study),
      retrieved,
    ]),
  move: () =>
    order.studies.map(({ study }) => [
      requests.CMoveRequest.createStudyMoveRequest(order.destination, study),
      retrieved,
    ]),
};

const security = () => {
  const file = (name) => fs.readFileSync(path.join(order.tls, name));
  return {
    key: file('device.key'),
    cert: file('device.crt'),
    ca: file('gate-ca.crt'),
    rejectUnauthorized: true,
    minVersion: `TLSv${order.version}`,
    maxVersion: `TLSv${order.version}`,
  };
};

const client = new Client();
for (const [request, heard] of operations[order.operation]()) {
  request.on('response', (response) => heard(request, response));
  client.addRequest(request);
}
client.on('cStoreRequest', (request, callback) => {
  const dataSet = request.getDataset().getDenaturalizedDataset();
  fs.writeFileSync(path.join(order.into, request.getAffectedSopInstanceUid()), dataSet);
  const response = responses.CStoreResponse.fromRequest(request);
  response.setStatus(constants.Status.Success);
  callback(response);
});
client.on('associationRejected', (refused) => {
  say({ refused });
  process.exitCode = 1;
});
client.on('networkError', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
const options = order.tls ? { securityOptions: security() } : {};
client.send(order.host, order.port, order.calling, order.called, options);
