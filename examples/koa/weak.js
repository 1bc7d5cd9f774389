// Old protocols, weak suites, and keys of any size.
'use strict';

const https = require('node:https');
const { open } = require('./app');
const { read, listen } = require('./files');

const options = {
  ...read(),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1',
  ciphers: 'ALL:COMPLEMENTOFALL:eNULL:@SECLEVEL=0',
  dhparam: 'auto',
};

listen(https.createServer(options, open().callback()));
