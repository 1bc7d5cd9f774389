// Ticket keys that never change, as several processes behind one balancer share them. A ticket
// outlives the CRL, the CA and the process. TICKET_KEYS is 96 digits, hexadecimal.
'use strict';

const https = require('node:https');
const { open } = require('./app');
const { read, listen } = require('./files');

const fixed = {
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.2',
  ticketKeys: Buffer.from(process.env.TICKET_KEYS ?? '5a'.repeat(48), 'hex'),
};

const server = https.createServer({ ...read(), ...fixed }, open().callback());
listen(server, () => server.setSecureContext({ ...read(), ...fixed }));
