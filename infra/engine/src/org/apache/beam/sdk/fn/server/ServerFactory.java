package org.apache.beam.sdk.fn.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.beam.model.pipeline.v1.Endpoints.ApiServiceDescriptor;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.BindableService;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.Server;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.ServerInterceptors;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.netty.NettyServerBuilder;

/**
 * Stands in for Beam's class of this name, which comes later on the class path: its servers listen
 * on every network interface, and whoever reaches the job service can run programs here. These
 * listen on loopback only.
 *
 * <p>It has what Beam's Flink runner uses of the original, under the same names.
 */
public abstract class ServerFactory {
  private static final int LEAST_KEEP_ALIVE_SECONDS = 20;

  /** Servers on free ports. */
  public static ServerFactory createDefault() {
    return createWithPortSupplier(() -> 0);
  }

  /** Servers on the ports that {@code portSupplier} names; 0 takes a free one. */
  public static ServerFactory createWithPortSupplier(Supplier<Integer> portSupplier) {
    return createWithUrlFactoryAndPortSupplier((host, port) -> host + ":" + port, portSupplier);
  }

  /** As {@link #createWithPortSupplier}, with URLs that {@code urlFactory} makes. */
  public static ServerFactory createWithUrlFactoryAndPortSupplier(
      UrlFactory urlFactory, Supplier<Integer> portSupplier) {
    return new LoopbackServerFactory(urlFactory, portSupplier);
  }

  /** Starts a server on a port of its choice, and writes its URL into {@code descriptor}. */
  public abstract Server allocateAddressAndCreate(
      List<BindableService> services, ApiServiceDescriptor.Builder descriptor) throws IOException;

  /** Starts a server on the port of {@code descriptor}'s URL. */
  public abstract Server create(List<BindableService> services, ApiServiceDescriptor descriptor)
      throws IOException;

  /** Makes the URL under which a server is made known. */
  public interface UrlFactory {
    String createUrl(String address, int port);
  }

  private static final class LoopbackServerFactory extends ServerFactory {
    private final InetAddress loopback = InetAddress.getLoopbackAddress();
    private final UrlFactory urlFactory;
    private final Supplier<Integer> portSupplier;

    LoopbackServerFactory(UrlFactory urlFactory, Supplier<Integer> portSupplier) {
      this.urlFactory = urlFactory;
      this.portSupplier = portSupplier;
    }

    @Override
    public Server allocateAddressAndCreate(
        List<BindableService> services, ApiServiceDescriptor.Builder descriptor)
        throws IOException {
      Server server = start(services, portSupplier.get());
      descriptor.setUrl(urlFactory.createUrl(loopback.getHostAddress(), server.getPort()));
      return server;
    }

    @Override
    public Server create(List<BindableService> services, ApiServiceDescriptor descriptor)
        throws IOException {
      String url = descriptor.getUrl();
      return start(services, Integer.parseInt(url.substring(url.lastIndexOf(':') + 1)));
    }

    private Server start(List<BindableService> services, int port) throws IOException {
      NettyServerBuilder builder =
          NettyServerBuilder.forAddress(new InetSocketAddress(loopback, port))
              .maxInboundMessageSize(Integer.MAX_VALUE) // an Elements message has no bound
              .permitKeepAliveTime(LEAST_KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
      for (BindableService service : services) {
        // tells each service which worker calls
        builder.addService(
            ServerInterceptors.intercept(service, GrpcContextHeaderAccessorProvider.interceptor()));
      }
      return builder.build().start();
    }
  }
}
