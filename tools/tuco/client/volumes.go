package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"tuco/control/api/wire"
)

// Volumes lists the volumes.
func (c *Client) Volumes(ctx context.Context) (wire.Volumes, error) {
	return get[wire.Volumes](ctx, c, wire.PathVolumes)
}

// CreateVolume makes an empty volume of a size in bytes.
func (c *Client) CreateVolume(ctx context.Context, name string, size int64) (wire.Volume, error) {
	return send[wire.Volume](ctx, c, http.MethodPost, wire.PathVolumes, asJSON(wire.NewVolume{Name: name, Size: size}))
}

// CloneVolume makes a volume that has what another one or a snapshot, VOLUME@SNAPSHOT, has.
func (c *Client) CloneVolume(ctx context.Context, of, name string) (wire.Volume, error) {
	return send[wire.Volume](ctx, c, http.MethodPost, wire.PathVolumes, asJSON(wire.NewVolume{Name: name, Clone: of}))
}

// Snapshot makes the snapshot VOLUME@NAME.
func (c *Client) Snapshot(ctx context.Context, volume, name string) (wire.Volume, error) {
	return send[wire.Volume](ctx, c, http.MethodPost, named(wire.PathVolumes, volume)+wire.Snapshots, asJSON(wire.NewSnapshot{Name: name}))
}

// DeleteVolume deletes a volume or a snapshot.
func (c *Client) DeleteVolume(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodDelete, named(wire.PathVolumes, name))
}

// Import makes a volume of an image, in one of wire's formats.
func (c *Client) Import(ctx context.Context, name, format string, image File, progress Progress) (wire.Volume, error) {
	from := &counted{from: io.LimitReader(image.Content, image.Size), total: image.Size, tell: progress}
	return send[wire.Volume](ctx, c, http.MethodPut, content(name, format), &body{from, image.Size, "application/octet-stream"})
}

// Export writes a volume's content as an image, in one of wire's formats. After an error what was written is of no use.
func (c *Client) Export(ctx context.Context, name, format string, to io.Writer, progress Progress) error {
	answer, err := c.request(ctx, http.MethodGet, content(name, format), nil, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(to, &counted{from: answer.Body, total: answer.ContentLength, tell: progress})
	return err
}

func content(name, format string) string {
	return named(wire.PathVolumes, name) + wire.Content + "?" + url.Values{wire.QueryFormat: {format}}.Encode()
}

// Daemons lists the daemons of the control domain.
func (c *Client) Daemons(ctx context.Context) ([]wire.Daemon, error) {
	return get[[]wire.Daemon](ctx, c, wire.PathDaemons)
}

// RestartDaemon ends a daemon and starts it again.
func (c *Client) RestartDaemon(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodPost, named(wire.PathDaemons, name)+wire.Restart)
}
