package store

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// A model is the store as one would write it who has all the time there is: nodes in a map, which is copied for each transaction.
type model map[string]modelNode

type modelNode struct {
	value string
	perms []xenbus.Perm
	gen   int // of the change that made the node what it is
	list  int // of the last child that was made or removed
}

// modelChange is what watches hear: those who may read by the permissions before it, after it, or by those of the directory.
type modelChange struct {
	path               string
	exact              bool
	before, after, dir []xenbus.Perm
}

func modelMay(who int, perms []xenbus.Perm, write bool) bool {
	if who == 0 || int(perms[0].Domain) == who {
		return true
	}
	p := perms[0]
	if i := slices.IndexFunc(perms[1:], func(p xenbus.Perm) bool { return int(p.Domain) == who }); i >= 0 {
		p = perms[1+i]
	}
	return write && p.Write || !write && p.Read
}

func (m model) find(who int, path string, write bool) (modelNode, string) {
	for at := path; ; at = tree.Above(at) {
		n, there := m[at]
		switch {
		case !there:
			continue
		case !modelMay(who, n.perms, write):
			return n, "EACCES"
		case at != path:
			return n, "ENOENT"
		}
		return n, ""
	}
}

// do makes a change. gen is a number that no other change has.
func (m model) do(who, gen int, o op) (errno string, changes []modelChange) {
	n, errno := m.find(who, o.path, true)
	above := tree.Above(o.path)
	dir, hasDir := m[above]
	if hasDir && o.path != "/" {
		dir.list = gen
	}
	switch o.kind {
	case hypercall.XS_RM:
		switch {
		case o.path == "/":
			return "EINVAL", nil
		case errno == "ENOENT" && hasDir:
			return "", nil
		case errno != "":
			return errno, nil
		}
		m[above] = dir
		changes = append(changes, modelChange{o.path, false, n.perms, nil, dir.perms})
		for _, path := range slices.Sorted(maps.Keys(m)) {
			if strings.HasPrefix(path, o.path+"/") {
				changes = append(changes, modelChange{path, true, m[path].perms, nil, m[tree.Above(path)].perms})
			}
		}
		maps.DeleteFunc(m, func(path string, _ modelNode) bool { return path == o.path || strings.HasPrefix(path, o.path+"/") })
		return "", changes
	case hypercall.XS_SET_PERMS:
		switch {
		case errno != "":
			return errno, nil
		case who != 0 && int(n.perms[0].Domain) != who:
			return "EACCES", nil
		case who != 0 && int(o.perms[0].Domain) != who:
			return "EPERM", nil
		}
		m[o.path] = modelNode{n.value, o.perms, gen, n.list}
		return "", []modelChange{{o.path, false, n.perms, o.perms, nil}}
	}
	if errno == "ENOENT" {
		if !hasDir {
			m.do(who, gen, op{kind: hypercall.XS_MKDIR, path: above})
			dir = m[above]
		}
		m[above] = dir
		perms := slices.Clone(dir.perms)
		if who != 0 {
			perms[0].Domain = hypercall.DomID(who)
		}
		m[o.path] = modelNode{o.value, perms, gen, gen}
		return "", []modelChange{{o.path, false, nil, perms, dir.perms}}
	}
	if errno != "" || o.kind == hypercall.XS_MKDIR {
		return errno, nil
	}
	m[o.path] = modelNode{o.value, n.perms, gen, n.list}
	return "", []modelChange{{o.path, false, n.perms, n.perms, nil}}
}

// list is a node's children, as a reply shows them.
func (m model) list(path string) (names string) {
	for _, p := range slices.Sorted(maps.Keys(m)) {
		if p != "/" && tree.Above(p) == path {
			names += p[strings.LastIndex(p, "/")+1:] + "|"
		}
	}
	return names
}

// modelTx is a transaction: its copy, what it did, and the nodes that count.
type modelTx struct {
	name    string // as "5#1"
	base    model
	now     model
	changes []modelChange
	log     []op
	seen    map[string]bool
	doomed  bool
}

type modelWatch struct {
	who         int
	path, token string
}

// A pair is the store and its model, side by side.
type pair struct {
	*world
	r       *rand.Rand
	model   model
	gen     int
	open    map[int][]*modelTx
	started map[int]int
	watches []modelWatch
	events  map[int][]string
}

func (p *pair) path() string {
	path := ""
	for range p.r.IntN(5) {
		path += "/" + string(rune('a'+p.r.IntN(3)))
	}
	return path
}

// tell is what watches hear, in the model.
func (p *pair) tell(changes []modelChange) {
	for _, c := range changes {
		for _, w := range p.watches {
			below := c.path == w.path || !c.exact && (w.path == "/" || strings.HasPrefix(c.path, w.path+"/"))
			if below && slices.ContainsFunc([][]xenbus.Perm{c.before, c.after, c.dir}, func(perms []xenbus.Perm) bool {
				return perms != nil && modelMay(w.who, perms, false)
			}) {
				p.events[w.who] = append(p.events[w.who], c.path+"|"+w.token)
			}
		}
	}
}

func (p *pair) change(who int, tx *modelTx) {
	o := op{path: p.path(), value: fmt.Sprint(p.gen)}
	if o.path == "" {
		o.path = "/"
	}
	request := ""
	switch p.r.IntN(6) {
	case 0, 1, 2:
		o.kind, request = hypercall.XS_WRITE, "WRITE "+o.path+"|"+o.value
	case 3:
		o.kind, request = hypercall.XS_MKDIR, "MKDIR "+o.path+"|"
		o.value = ""
	case 4:
		o.kind, request = hypercall.XS_RM, "RM "+o.path+"|"
	case 5:
		o.kind, request = hypercall.XS_SET_PERMS, "SET_PERMS "+o.path+"|"
		for range 1 + p.r.IntN(3) {
			o.perms = append(o.perms, xenbus.Perm{Domain: hypercall.DomID(p.r.IntN(3)), Read: p.r.IntN(3) > 0, Write: p.r.IntN(3) > 0})
		}
		if who != 0 && p.r.IntN(4) > 0 {
			o.perms[0].Domain = hypercall.DomID(who)
		}
		for _, perm := range o.perms {
			request += perm.String() + "|"
		}
	}
	p.gen++
	m, name := p.model, fmt.Sprint(who)
	if tx != nil {
		m, name = tx.now, tx.name
		listed := tx.seen[o.path]
		tx.seen[o.path] = listed
	}
	want, changes := m.do(who, p.gen, o)
	if want == "" {
		want = "OK|"
		if tx != nil {
			tx.log = append(tx.log, o)
			tx.changes = append(tx.changes, changes...)
		} else {
			p.tell(changes)
		}
	}
	require.Equal(p.t, want, p.ask(name, request), "%s %s", name, request)
}

func (p *pair) look(who int, tx *modelTx) {
	path := p.path()
	if path == "" {
		path = "/"
	}
	m, name := p.model, fmt.Sprint(who)
	kind := []string{"READ", "DIRECTORY", "GET_PERMS"}[p.r.IntN(3)]
	if tx != nil {
		m, name = tx.now, tx.name
		tx.seen[path] = tx.seen[path] || kind == "DIRECTORY"
	}
	n, want := m.find(who, path, false)
	if want == "" {
		switch kind {
		case "READ":
			want = n.value
		case "DIRECTORY":
			want = m.list(path)
		case "GET_PERMS":
			for _, perm := range n.perms {
				want += perm.String() + "|"
			}
		}
	}
	require.Equal(p.t, want, p.ask(name, kind+" "+path+"|"), "%s %s %s", name, kind, path)
}

func (p *pair) begin(who int) {
	if len(p.open[who]) == 3 {
		return
	}
	p.started[who]++
	require.Equal(p.t, fmt.Sprintf("%d|", p.started[who]), p.ask(fmt.Sprint(who), "TRANSACTION_START |"))
	p.open[who] = append(p.open[who], &modelTx{
		name: fmt.Sprintf("%d#%d", who, p.started[who]), base: maps.Clone(p.model), now: maps.Clone(p.model), seen: map[string]bool{},
	})
}

// again has a transaction begin anew. It is doomed if it might have gone another way.
func (p *pair) again(who int, tx *modelTx) {
	for path, listed := range tx.seen {
		was, hadIt := tx.base[path]
		is, hasIt := p.model[path]
		tx.doomed = tx.doomed || hadIt != hasIt || was.gen != is.gen || listed && was.list != is.list
	}
	tx.base, tx.now, tx.changes = maps.Clone(p.model), maps.Clone(p.model), nil
	for _, o := range tx.log {
		p.gen++
		errno, changes := tx.now.do(who, p.gen, o)
		tx.doomed = tx.doomed || errno != ""
		tx.changes = append(tx.changes, changes...)
	}
}

// restart has another store go on with the state of this one, as it is written down.
func (p *pair) restart() {
	names := slices.Sorted(maps.Keys(p.clients))
	var clients []*Client
	for _, name := range names {
		clients = append(clients, p.clients[name])
	}
	text, err := json.Marshal(p.store.Save(clients))
	require.NoError(p.t, err)
	var state State
	require.NoError(p.t, json.Unmarshal(text, &state))
	p.store, clients, err = Load(state, DefaultQuota, p.host, slog.New(slog.DiscardHandler))
	require.NoError(p.t, err)
	for i, name := range names {
		p.clients[name] = clients[i]
	}
	for who, all := range p.open {
		for _, tx := range all {
			p.again(who, tx)
		}
	}
}

func (p *pair) end(who int) {
	i := p.r.IntN(len(p.open[who]))
	tx := p.open[who][i]
	p.open[who] = slices.Delete(p.open[who], i, i+1)
	if p.r.IntN(4) == 0 {
		require.Equal(p.t, "OK|", p.ask(tx.name, "TRANSACTION_END F|"))
		return
	}
	p.again(who, tx)
	want := "OK|"
	if tx.doomed && len(tx.log) > 0 {
		want = "EAGAIN"
	}
	require.Equal(p.t, want, p.ask(tx.name, "TRANSACTION_END T|"), "%s: %v", tx.name, tx.log)
	if want != "OK|" || len(tx.log) == 0 {
		return
	}
	p.model = tx.now
	var told []modelChange
	for _, c := range tx.changes {
		i := slices.IndexFunc(told, func(o modelChange) bool { return o.path == c.path })
		if i < 0 {
			told = append(told, c)
			continue
		}
		told[i].exact, told[i].after = told[i].exact && c.exact, c.after
		if told[i].dir == nil {
			told[i].dir = c.dir
		}
	}
	p.tell(told)
}

// Any requests of three domains, some in transactions, have in the store the replies, the nodes and the events that they have in the model.
// Now and then another store takes over.
func TestModel(t *testing.T) {
	seeds := uint64(50)
	if testing.Short() {
		seeds = 15
	}
	for seed := range seeds {
		p := &pair{
			world: newWorld(t), r: rand.New(rand.NewPCG(seed, 0)), open: map[int][]*modelTx{}, started: map[int]int{}, events: map[int][]string{},
		}
		p.ask("0", "RM /tool|")
		p.ask("0", "RM /local|")
		p.ask("0", "SET_PERMS /|b0|")
		p.model = model{"/": {perms: []xenbus.Perm{{Read: true, Write: true}}}}
		for i := range 5 {
			w := modelWatch{p.r.IntN(3), p.path(), fmt.Sprint(i)}
			if w.path == "" {
				w.path = "/"
			}
			require.Equal(t, "OK|", p.ask(fmt.Sprint(w.who), "WATCH "+w.path+"|"+w.token+"|"))
			p.watches = append(p.watches, w)
			p.events[w.who] = append(p.events[w.who], w.path+"|"+w.token)
		}
		for range 300 {
			who := p.r.IntN(3)
			var tx *modelTx
			if n := len(p.open[who]); n > 0 && p.r.IntN(2) == 0 {
				tx = p.open[who][p.r.IntN(n)]
			}
			if p.r.IntN(100) == 0 {
				p.restart()
			}
			switch n := p.r.IntN(10); {
			case n < 5:
				p.change(who, tx)
			case n < 8:
				p.look(who, tx)
			case n == 8:
				p.begin(who)
			case len(p.open[who]) > 0:
				p.end(who)
			}
			if p.r.IntN(3) > 0 {
				require.Equal(t, strings.Join(p.events[who], " "), p.world.events(fmt.Sprint(who)), "events of %d", who)
				p.events[who] = nil
			}
			require.Equal(t, "OK", p.store.Check())
		}
		for path, n := range p.model {
			is := p.store.root.Find(path)
			require.NotNil(t, is, path)
			require.Equal(t, n.value, is.Value, path)
			require.Equal(t, n.perms, []xenbus.Perm(is.Perms), path)
		}
		p.world.run(`0 RM /a| -> OK|`)
	}
}
