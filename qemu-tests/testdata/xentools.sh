# Xen's own toolstack and its daemons in domain 0, where stock Linux's init has started a script that reads this.
export PATH=/xen:/usr/lib/xen-4.17/bin LD_LIBRARY_PATH=/xen
for command in $(/bin/busybox --list); do
	[ -e /xen/$command ] || /bin/busybox ln -s /bin/busybox /xen/$command
done
for module in xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xenfs; do
	modprobe $module
done
mount -t xenfs xenfs /proc/xen
mkdir -p /dev/pts /run/xen /run/xenstored /run/lock /var/lib/xenstored /var/lib/xen /var/log/xen /var/run /var/lock /etc/xen
: >/etc/xen/xl.conf
mount -t devpts devpts /dev/pts
ln -s /run/xen /run/xenstored /var/run/
xenstored --pid-file /run/xenstored.pid
until xenstore exists / >/dev/null 2>&1; do sleep 0.2; done
xen-init-dom0
xenconsoled --log=guest --log-dir=/var/log/xen
