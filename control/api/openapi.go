package api

import (
	_ "embed"
	"net/http"
)

// openapiFile describes the API to programs.
//
//go:embed openapi.json
var openapiFile []byte

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openapiFile)
	return nil
}
