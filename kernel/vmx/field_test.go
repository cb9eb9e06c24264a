package vmx

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fields reads the names and values of all fields from the source, so that a
// new one is checked without being listed twice.
func fields(t *testing.T) map[string]Field {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "field.go", nil, 0)
	require.NoError(t, err)
	found := map[string]Field{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Field" {
				continue
			}
			lit := v.Values[0].(*ast.BasicLit)
			n, ok := constant.Uint64Val(constant.MakeFromLiteral(lit.Value, lit.Kind, 0))
			require.True(t, ok)
			found[v.Names[0].Name] = Field(n)
		}
	}
	require.Greater(t, len(found), 80)
	return found
}

func TestFieldNamesAgreeWithTheirEncoding(t *testing.T) {
	kinds := map[string]Kind{"Ctl": KindControl, "Exit": KindExit, "Guest": KindGuest, "Host": KindHost}
	seen := map[Field]string{}
	for name, f := range fields(t) {
		for prefix, kind := range kinds {
			if strings.HasPrefix(name, prefix) {
				assert.Equal(t, kind, f.Kind(), name)
			}
		}
		assert.Zero(t, f&1, "%s names the high half of a field", name)
		assert.Zero(t, f&^0x6ffe, "%s has a reserved bit set", name)
		assert.Empty(t, seen[f], "%s has the encoding of another field", name)
		seen[f] = name
	}
}

func TestFieldWidths(t *testing.T) {
	all := fields(t)
	width := func(name string) Width {
		switch {
		case name == "CtlVPID", name == "GuestSelector", len(name) == len("HostXS") && strings.HasPrefix(name, "Host"):
			return Width16
		case strings.HasSuffix(name, "Bitmap"), strings.Contains(name, "IOBitmap"), name == "CtlTSCOffset", name == "CtlEPTP",
			name == "ExitGuestPhysical", name == "GuestLink", name == "GuestDebugCtl", name == "GuestPDPTE0",
			strings.HasSuffix(name, "PAT"), strings.HasSuffix(name, "EFER"):
			return Width64
		case strings.HasPrefix(name, "CtlCR0"), strings.HasPrefix(name, "CtlCR4"),
			name == "ExitQualification", name == "ExitGuestLinear", name == "GuestPendingDebug":
			return WidthNatural
		case strings.HasPrefix(name, "Ctl"), strings.HasPrefix(name, "Exit"), strings.HasSuffix(name, "Limit"),
			name == "GuestAccess", name == "GuestInterruptibility", name == "GuestActivity",
			strings.HasSuffix(name, "SysenterCS"):
			return Width32
		}
		return WidthNatural
	}
	for name, f := range all {
		assert.Equal(t, width(name), f.Width(), name)
	}
}

func TestSegmentFieldsStandInTheOrderOfTheNeutralNames(t *testing.T) {
	// SDM vol. 3, appendix "Field Encoding in VMCS": the task register comes last of eight.
	assert.EqualValues(t, 0x080e, GuestSelector+7*2)
	assert.EqualValues(t, GuestGDTRLimit, GuestLimit+8*2, "GDTR's limit follows TR's")
	assert.EqualValues(t, GuestInterruptibility, GuestAccess+8*2)
	assert.EqualValues(t, GuestGDTRBase, GuestBase+8*2)
}
