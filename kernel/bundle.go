package main

import (
	"tuco/kernel/bundle"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/percpu"
	"tuco/kernel/text"
)

// domains is what the boot bundle asks for.
var domains bundle.Bundle

// readBundle reads the first module that can be used, if there is one.
func readBundle(cpu *percpu.CPU) {
	modules := info.Modules()
	for i := range modules {
		if m := &modules[i]; m.Usable {
			parseBundle(layout.Bytes(m.Start, m.Size()))
			createDomains(cpu)
			return
		}
	}
	klog.Infof("bundle: none, so there are no domains to build")
}

func parseBundle(module []byte) {
	if err := bundle.Parse(&domains, module); !err.OK() {
		var text text.Line
		halt(klog.Format(haltText[:], "%s", klog.B(err.Text(&text))))
	}
	for _, d := range domains.Domains() {
		klog.Infof("bundle: domain %s: kernel %s of %s, memory %s, %d vCPUs", klog.B(d.Name), klog.B(d.KernelName),
			klog.Size(uint64(len(d.Kernel))), klog.Size(d.Memory), klog.D(d.VCPUs))
	}
}
