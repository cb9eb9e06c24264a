package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/config"
)

func jsonInto(text []byte, what any) error { return json.Unmarshal(text, what) }

// schema is as much of a schema as the file uses.
type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 string            `json:"type"`
	Format               string            `json:"format"`
	Description          string            `json:"description"`
	Enum                 []string          `json:"enum"`
	Default              string            `json:"default"`
	Properties           map[string]schema `json:"properties"`
	Required             []string          `json:"required"`
	Items                *schema           `json:"items"`
	AdditionalProperties *schema           `json:"additionalProperties"`
}

type operation struct {
	ID          string                     `json:"operationId"`
	Summary     string                     `json:"summary"`
	Description string                     `json:"description"`
	Parameters  []any                      `json:"parameters"`
	RequestBody any                        `json:"requestBody"`
	Responses   map[string]json.RawMessage `json:"responses"`
}

type document struct {
	OpenAPI  string                                `json:"openapi"`
	Info     map[string]string                     `json:"info"`
	Security []map[string][]string                 `json:"security"`
	Paths    map[string]map[string]json.RawMessage `json:"paths"`

	Components struct {
		SecuritySchemes map[string]map[string]string `json:"securitySchemes"`
		Responses       map[string]any               `json:"responses"`
		Schemas         map[string]schema            `json:"schemas"`
	} `json:"components"`
}

func readDocument(t *testing.T, into any) {
	d := json.NewDecoder(strings.NewReader(string(openapiFile)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into))
}

func TestOpenAPIServed(t *testing.T) {
	w := newWorld(t)
	a, text := w.ask("GET", wire.PathOpenAPI, "", nil)
	require.Equal(t, http.StatusOK, a.StatusCode)
	assert.Equal(t, string(openapiFile), string(text))
}

// The file has the routes that there are, and no others.
func TestOpenAPIRoutes(t *testing.T) {
	var d document
	readDocument(t, &d)
	var told, there, ids []string
	for path, methods := range d.Paths {
		for method, text := range methods {
			if method == "parameters" {
				continue
			}
			told = append(told, strings.ToUpper(method)+" "+path)
			var o operation
			require.NoError(t, json.Unmarshal(text, &o))
			ids = append(ids, o.ID)
			assert.NotEmpty(t, o.Summary, path)
			assert.Contains(t, o.Responses, "401", path)
			assert.Equal(t, method == "post" && (path == wire.PathDomains || path == wire.PathVolumes || strings.HasSuffix(path, wire.Snapshots)) || method == "put",
				o.RequestBody != nil, "%s %s", method, path)
		}
		assert.Equal(t, strings.Contains(path, named), methods["parameters"] != nil, path)
	}
	for _, r := range routes {
		there = append(there, r.method+" "+r.path)
	}
	assert.ElementsMatch(t, there, told)
	slices.Sort(ids)
	assert.Equal(t, ids, slices.Compact(slices.Clone(ids)), "each has an identity of its own")
}

// The schemas have the fields of the types, with their types, and no others.
func TestOpenAPITypes(t *testing.T) {
	var d document
	readDocument(t, &d)
	types := map[string]any{
		"Error": wire.Error{}, "Host": wire.Host{}, "Space": wire.Space{}, "Collector": wire.Collector{}, "Domain": wire.Domain{}, "Disk": wire.Disk{}, "NIC": wire.NIC{}, "Report": wire.Report{},
		"Volumes": wire.Volumes{}, "Volume": wire.Volume{}, "NewVolume": wire.NewVolume{}, "NewSnapshot": wire.NewSnapshot{}, "Daemon": wire.Daemon{}, "Schedule": wire.Schedule{},
		"Guest": config.Guest{}, "GuestDisk": config.Disk{}, "GuestVIF": config.VIF{},
	}
	others := []string{"Action"} // types that are no structures
	assert.ElementsMatch(t, append(slices.Collect(maps.Keys(types)), others...), slices.Collect(maps.Keys(d.Components.Schemas)))
	for name, value := range types {
		s, typ := d.Components.Schemas[name], reflect.TypeOf(value)
		assert.Equal(t, "object", s.Type, name)
		fields := []string{}
		for k := range typ.NumField() {
			tag, options, _ := strings.Cut(typ.Field(k).Tag.Get("json"), ",")
			fields = append(fields, tag)
			p, ok := s.Properties[tag]
			if assert.True(t, ok, "%s.%s", name, tag) {
				assert.True(t, fits(p, typ.Field(k).Type, types), "%s.%s is %v, and in the file %+v", name, tag, typ.Field(k).Type, p)
				assert.Equal(t, options == "", slices.Contains(s.Required, tag), "%s.%s: required", name, tag)
			}
		}
		assert.ElementsMatch(t, fields, slices.Collect(maps.Keys(s.Properties)), name)
	}
}

// fits tells whether a schema is of a type.
func fits(s schema, t reflect.Type, types map[string]any) bool {
	if name, is := strings.CutPrefix(s.Ref, "#/components/schemas/"); is {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		return types[name] != nil && reflect.TypeOf(types[name]) == t || name == t.Name()
	}
	if t.Kind() == reflect.Pointer { // what need not be there
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return s.Type == "string" && s.Format == "date-time"
	case t.Implements(reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()):
		return s.Type == "string"
	}
	switch t.Kind() {
	case reflect.String:
		return s.Type == "string"
	case reflect.Bool:
		return s.Type == "boolean"
	case reflect.Float64:
		return s.Type == "number"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return s.Type == "integer"
	case reflect.Slice:
		return s.Type == "array" && s.Items != nil && fits(*s.Items, t.Elem(), types)
	case reflect.Map:
		return s.Type == "object" && s.AdditionalProperties != nil && fits(*s.AdditionalProperties, t.Elem(), types)
	}
	return false
}

// Everything that the file refers to is in it.
func TestOpenAPIReferences(t *testing.T) {
	var all map[string]any
	require.NoError(t, json.Unmarshal(openapiFile, &all))
	refs := regexp.MustCompile(`"\$ref": "#/([^"]+)"`).FindAllStringSubmatch(string(openapiFile), -1)
	require.NotEmpty(t, refs)
	for _, ref := range refs {
		var at any = all
		for _, step := range strings.Split(ref[1], "/") {
			m, ok := at.(map[string]any)
			require.True(t, ok, ref[1])
			at = m[step]
		}
		assert.NotNil(t, at, ref[1])
	}
}
