module gatecrash/server

go 1.21
