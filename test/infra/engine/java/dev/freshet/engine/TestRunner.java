package dev.freshet.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Runs the test classes named on the command line: every method named {@code test…} of a fresh
 * instance. Prints a line for each: {@code ok<TAB>name} or {@code failed<TAB>name<TAB>why}.
 *
 * <p>The engine's libraries have no JUnit, and this is all that is needed of it.
 */
public final class TestRunner {
  private TestRunner() {}

  public static void main(String[] classNames) throws ReflectiveOperationException {
    for (String className : classNames) {
      Class<?> testClass = Class.forName(TestRunner.class.getPackageName() + "." + className);
      List<Method> tests =
          Arrays.stream(testClass.getDeclaredMethods())
              .filter(method -> method.getName().startsWith("test"))
              .sorted(Comparator.comparing(Method::getName))
              .toList();
      for (Method test : tests) {
        run(testClass, test);
      }
    }
  }

  private static void run(Class<?> testClass, Method test) throws ReflectiveOperationException {
    String name = testClass.getSimpleName() + "." + test.getName();
    try {
      test.invoke(testClass.getDeclaredConstructor().newInstance());
      System.out.println("ok\t" + name);
    } catch (InvocationTargetException e) {
      String why = e.getCause() + " at " + e.getCause().getStackTrace()[1];
      System.out.println("failed\t" + name + "\t" + why.replaceAll("\\s+", " "));
    }
  }

  /**
   * @throws AssertionError where the two differ
   */
  static void assertEquals(Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw new AssertionError("expected " + expected + ", got " + actual);
    }
  }

  /**
   * @throws AssertionError where the condition doesn't hold
   */
  static void assertTrue(String what, boolean condition) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }
}
